import streamlit as st

st.title("Trainer")
